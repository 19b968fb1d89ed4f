import { useEffect, useRef } from "react";
import { typing } from "./app";
import { editable, type Fact } from "./facts";
import { commandOf, type Name } from "./keymap";
import type { Hands } from "./panel";

/** Use is what the keys of a document act on. */
interface Use {
  step: (by: 1 | -1, look: boolean) => boolean;
  current: Fact | undefined;
  review: boolean;
  inPanel: () => boolean;
  hands: Hands;
  begin: (fact: Fact, value?: string) => void;
  suggested: string[];
  approve: () => void;
  undo: () => void;
  hold: () => void;
  go: (by: 1 | -1) => void;
  page: number;
  setPage: (page: number) => void;
  pageCount: number;
  view: (name: string) => void;
  stack: () => void;
  picker: () => void;
}

/** useKeys is the keys of docs/guide/console.md, as far as they are about a document. */
export function useKeys(use: Use) {
  const latest = useRef(use);
  latest.current = use;
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const u = latest.current;
      if (event.defaultPrevented || window.document.querySelector("[role=dialog]")) return;
      const name = commandOf(event);
      if (typing(event.target) && name !== "approve") return;
      const row = isRow(event.target);
      if (name) {
        if (does(name, u, row)) event.preventDefault();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || event.key === " " || !u.current || !u.review || !row) return;
      // The key goes on into the field that opens for it; a digit brings its suggestion.
      const suggestion = u.suggested[Number(event.key) - 1];
      if (suggestion !== undefined) event.preventDefault();
      u.begin(u.current, suggestion ?? "");
    };
    window.addEventListener("keydown", key);
    return () => window.removeEventListener("keydown", key);
  }, []);
}

/** does runs a command and says whether it was one here; the others stay the browser's. */
function does(name: Name, u: Use, row: boolean): boolean {
  const fact = u.review ? u.current : undefined;
  const run = (wanted: unknown, act: () => unknown) => {
    if (wanted) act();
    return !!wanted;
  };
  switch (name) {
    // Within the list these go to what needs a look; at its end Tab leaves as always.
    case "next": return u.inPanel() && row && u.step(1, true);
    case "previous": return u.inPanel() && row && u.step(-1, true);
    case "below": return run(u.inPanel() && row, () => u.step(1, false));
    case "above": return run(u.inPanel() && row, () => u.step(-1, false));
    case "accept": return run(fact && row, () => (fact!.value === null ? u.begin(fact!) : u.hands.accept(fact!)));
    case "edit": return run(fact, () => u.begin(fact!));
    case "reject": return run(fact && fact.value !== null && fact.sort !== "flag", () => u.hands.reject(fact!));
    case "absent": return run(fact && editable(fact), () => u.hands.absent(fact!));
    case "undo": return run(u.review, u.undo);
    case "approve": return run(u.review, u.approve);
    case "hold": return run(u.review, u.hold);
    case "after": return run(true, () => u.go(1));
    case "before": return run(true, () => u.go(-1));
    case "stack": return run(true, u.stack);
    case "patient": return run(true, u.picker);
    case "kind": return run(true, () => window.document.getElementById("type-of")?.focus());
    case "find": return run(true, () => window.document.getElementById("find")?.focus());
    case "page": return run(true, () => window.document.getElementById("page-at")?.focus());
    case "pagedown": return run(u.page < u.pageCount, () => u.setPage(u.page + 1));
    case "pageup": return run(u.page > 1, () => u.setPage(u.page - 1));
    case "in": case "out": case "fit": case "right": case "left": return run(true, () => u.view(name));
    default: return false; // the stack's and the app's own
  }
}

const isRow = (target: EventTarget | null) => target instanceof HTMLElement && target.hasAttribute("data-row");
