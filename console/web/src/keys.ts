import { useEffect, useRef } from "react";
import { typing } from "./app";
import { editable, type Fact } from "./facts";
import type { Hands } from "./panel";

/** useKeys is the keys of docs/guide/console.md, as far as they are about a document. */
export function useKeys(use: {
  step: (by: 1 | -1, look: boolean) => boolean;
  current: Fact | undefined;
  review: boolean;
  busy: boolean;
  inPanel: () => boolean;
  hands: Hands;
  begin: (fact: Fact, value?: string) => void;
  approve: () => Promise<void> | void;
  undo: () => void;
  go: (by: 1 | -1) => void;
  page: number;
  setPage: (page: number) => void;
  pageCount: number;
  view: (name: string) => void;
  stack: () => void;
  picker: () => void;
}) {
  const latest = useRef(use);
  latest.current = use;
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const u = latest.current;
      const done = () => event.preventDefault();
      const control = event.ctrlKey || event.metaKey;
      if (window.document.querySelector("[role=dialog]")) return;
      if (control && event.key === "Enter" && u.review) return done(), void u.approve();
      if (typing(event.target)) return;
      if (control && event.key.toLowerCase() === "z" && u.review) return done(), u.undo();
      if (control || event.altKey) return;
      const fact = u.current;
      switch (event.key) {
        case "Tab":
          // Within the list Tab goes to what needs a look; at its end it leaves as always.
          if (u.inPanel() && isRow(event.target) && u.step(event.shiftKey ? -1 : 1, true)) done();
          return;
        case "ArrowDown":
        case "ArrowUp":
          if (u.inPanel() && isRow(event.target)) done(), u.step(event.key === "ArrowDown" ? 1 : -1, false);
          return;
        case "Enter":
          if (!fact || !u.review || !isRow(event.target)) return;
          done();
          if (fact.value === null) u.begin(fact);
          else u.hands.accept(fact);
          return;
        case "F2": return fact && u.review ? (done(), u.begin(fact)) : undefined;
        case "Delete": return fact && u.review && fact.value !== null && fact.sort !== "flag" ? (done(), u.hands.reject(fact)) : undefined;
        case "x": case "X": return fact && u.review && editable(fact) ? (done(), u.hands.absent(fact)) : undefined;
        case "u": case "U": return u.review ? (done(), u.undo()) : undefined;
        case "j": case "J": return done(), u.go(1);
        case "k": case "K": return done(), u.go(-1);
        case "s": case "S": return done(), u.stack();
        case "t": case "T": return done(), window.document.getElementById("type-of")?.focus();
        case "p": case "P": return done(), u.picker();
        case "r": return done(), u.view("right");
        case "R": return done(), u.view("left");
        case "+": case "=": return done(), u.view("in");
        case "-": return done(), u.view("out");
        case "0": return done(), u.view("fit");
        case "/": return done(), window.document.getElementById("find")?.focus();
        case "g": case "G": return done(), window.document.getElementById("page-at")?.focus();
        case "PageDown": return u.page < u.pageCount ? (done(), u.setPage(u.page + 1)) : undefined;
        case "PageUp": return u.page > 1 ? (done(), u.setPage(u.page - 1)) : undefined;
        case "?": case " ": return;
      }
      // The key goes on into the field that opens for it.
      if (event.key.length === 1 && fact && u.review && isRow(event.target)) u.begin(fact, "");
    };
    window.addEventListener("keydown", key);
    return () => window.removeEventListener("keydown", key);
  }, []);
}

const isRow = (target: EventTarget | null) => target instanceof HTMLElement && target.hasAttribute("data-row");
