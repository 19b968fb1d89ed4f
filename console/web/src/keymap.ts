import { useSyncExternalStore } from "react";

// Which key does what. Each person may change it; the choice stays in this browser.

/** Command is one thing that a key does. Keys of the stack count while a page of it has the focus. */
interface Command { keys: string[]; what: string; stack?: true }

const commands = {
  next: { keys: ["Tab"], what: "next value that needs a look" },
  previous: { keys: ["Shift Tab"], what: "previous value that needs a look" },
  below: { keys: ["↓"], what: "next value of any kind" },
  above: { keys: ["↑"], what: "previous value of any kind" },
  accept: { keys: ["Enter"], what: "accept and go on; in an edit: save" },
  edit: { keys: ["F2"], what: "correct the value; typing does it, too" },
  absent: { keys: ["X"], what: "not on the page" },
  reject: { keys: ["Delete"], what: "reject the value" },
  undo: { keys: ["U", "Ctrl Z"], what: "undo the last change" },
  approve: { keys: ["Ctrl Enter"], what: "approve the document, open the next" },
  hold: { keys: ["H"], what: "put the document aside, with a reason" },
  after: { keys: ["J"], what: "next document" },
  before: { keys: ["K"], what: "previous document" },
  in: { keys: ["+", "="], what: "zoom in" },
  out: { keys: ["-"], what: "zoom out" },
  fit: { keys: ["0"], what: "fit the page" },
  right: { keys: ["R"], what: "turn the view right" },
  left: { keys: ["Shift R"], what: "turn the view left" },
  find: { keys: ["/"], what: "search in the document; Enter, Shift Enter: next, previous place" },
  patient: { keys: ["P"], what: "whose document it is" },
  kind: { keys: ["T"], what: "what kind of document it is" },
  page: { keys: ["G"], what: "go to a page" },
  pagedown: { keys: ["PageDown"], what: "next page" },
  pageup: { keys: ["PageUp"], what: "previous page" },
  stack: { keys: ["S"], what: "the stack" },
  split: { keys: ["S"], what: "a document begins with this page", stack: true },
  join: { keys: ["M"], what: "join its document to the one before", stack: true },
  back: { keys: ["["], what: "the page goes to the document before", stack: true },
  on: { keys: ["]"], what: "the page goes to the document after", stack: true },
  help: { keys: ["?"], what: "this list" },
} satisfies Record<string, Command>;

export type Name = keyof typeof commands;
export const names = Object.keys(commands) as Name[];
export const command = (name: Name): Command => commands[name];

// Esc leaves an edit, digits take suggestions: they stay as they are.
const fixed = /^(Esc|[1-9]|Control|Shift|Alt|Meta|AltGraph|Dead|Unidentified|Process|CapsLock|NumLock)$/;
const arrows: Record<string, string> = { ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", " ": "Space" };

/** keyOf names the key of an event as the list of keys does: "Shift Tab", "Ctrl Z", "X", "?". */
export function keyOf(event: { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean; shiftKey: boolean }): string {
  const sign = event.key.length === 1 && event.key.toUpperCase() === event.key.toLowerCase(); // its Shift is in the sign
  return [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.altKey ? "Alt" : "", event.shiftKey && !sign ? "Shift" : "",
    arrows[event.key] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key)].filter(Boolean).join(" ");
}

const place = "chartlake.keys";
type Own = Partial<Record<Name, string>>;
let own = read();
const listeners = new Set<() => void>();

/** read drops what is no command or no key, so that nothing that lies in the browser can break the pages. */
function read(): Own {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(place) ?? "{}");
    return Object.fromEntries(Object.entries(kept as object).filter(([name, key]) => name in commands && typeof key === "string" && key));
  } catch {
    return {};
  }
}

function write(next: Own) {
  own = next;
  try {
    localStorage.setItem(place, JSON.stringify(own));
  } catch {
    // Kept for this page only.
  }
  listeners.forEach((listener) => listener());
}

/** keysOf is the keys of a command now. */
export const keysOf = (name: Name): string[] => (own[name] ? [own[name]] : commands[name].keys);

/** commandOf is the command of an event's key, if it has one. */
export function commandOf(event: KeyboardEvent | React.KeyboardEvent, stack = false): Name | undefined {
  const key = keyOf(event);
  return names.find((name) => !!command(name).stack === stack && keysOf(name).includes(key));
}

/** change gives a command another key, or says why it can't have it. */
export function change(name: Name, event: React.KeyboardEvent): string {
  const key = keyOf(event);
  if (fixed.test(key)) return `${key} can't be given away.`;
  const other = names.find((other) => other !== name && !!command(other).stack === !!command(name).stack && keysOf(other).includes(key));
  if (other) return `${key} is taken: ${command(other).what}.`;
  write({ ...own, [name]: key });
  return "";
}

export const reset = () => write({});
export const changed = () => Object.keys(own).length > 0;

/** useKeymap draws anew when a key changes. */
export const useKeymap = () => useSyncExternalStore((listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
}, () => own);
