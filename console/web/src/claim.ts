import { useCallback, useEffect, useRef, useState } from "react";
import * as api from "./api";

const again = 120_000; // milliseconds between two claims while somebody is at work; the server's last five minutes

/**
 * useClaim says to others that this document is worked on, as long as somebody is. other is who has
 * it instead; take takes it over.
 */
export function useClaim(id: string, wanted: boolean): { other: string; take: () => void } {
  const [other, setOther] = useState("");
  const mine = useRef(false);
  const moved = useRef(Date.now());
  const claim = useCallback(async (take: boolean) => {
    try {
      await api.claim(id, take);
      mine.current = true;
      setOther("");
    } catch (problem) {
      mine.current = false;
      if ((problem as api.Problem).code === "claimed") setOther((await api.document(id)).claim?.who ?? "somebody");
    }
  }, [id]);
  useEffect(() => {
    if (!wanted) return;
    const sign = () => {
      moved.current = Date.now();
    };
    const leave = () => {
      if (mine.current) api.release(id);
      mine.current = false;
    };
    void claim(false);
    const timer = setInterval(() => {
      if (!window.document.hidden && Date.now() - moved.current < 2 * again) void claim(false);
    }, again);
    window.addEventListener("keydown", sign);
    window.addEventListener("pointerdown", sign);
    window.addEventListener("pagehide", leave);
    return () => {
      clearInterval(timer);
      window.removeEventListener("keydown", sign);
      window.removeEventListener("pointerdown", sign);
      window.removeEventListener("pagehide", leave);
      leave();
    };
  }, [id, wanted, claim]);
  return { other, take: () => void claim(true) };
}
