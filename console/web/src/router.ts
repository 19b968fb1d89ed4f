import { useSyncExternalStore } from "react";

// The pages' own paths: / (inbox), /d/ID (document), /search, /p/ID (patient). What a place
// is about beyond that (a page, a search) is in history.state, so that no patient data comes
// into an address.

const listeners = new Set<() => void>();
const notify = () => listeners.forEach((listener) => listener());
window.addEventListener("popstate", notify);

export interface Place {
  path: string;
  state: Record<string, unknown>;
}

let here: Place = read();
function read(): Place {
  return { path: location.pathname, state: (history.state as Record<string, unknown>) ?? {} };
}

export function go(path: string, state: Record<string, unknown> = {}) {
  history.pushState(state, "", path);
  notify();
}

/** keep changes the state of this place without a step in the history. */
export function keep(state: Record<string, unknown>) {
  history.replaceState({ ...(history.state as object), ...state }, "");
}

export function usePlace(): Place {
  return useSyncExternalStore(
    (listener) => {
      const update = () => {
        here = read();
        listener();
      };
      listeners.add(update);
      return () => listeners.delete(update);
    },
    () => here,
  );
}
