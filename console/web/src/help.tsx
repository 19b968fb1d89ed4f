import { Button, Kbd, Modal } from "@mantine/core";
import { useState } from "react";
import { change, changed, command, keysOf, type Name, names, reset, useKeymap } from "./keymap";

/** Help is the list of keys, where each can be changed. */
export function Help({ opened, close }: { opened: boolean; close: () => void }) {
  useKeymap();
  const [asked, setAsked] = useState<Name | null>(null);
  const [trouble, setTrouble] = useState("");
  const ask = (name: Name | null) => {
    setAsked(name);
    setTrouble("");
  };
  return (
    <Modal opened={opened} onClose={() => (ask(null), close())} title="Keys" lockScroll={false} centered closeOnEscape={!asked}
      closeButtonProps={{ "aria-label": "Close" }}>
      <p className="soft">Choose a key to change it. The choice stays in this browser.</p>
      <dl className="keys">
        {names.map((name) => (
          <div key={name}>
            <dt>
              <button type="button" className="key" data-command={name} aria-label={`${keysOf(name).join(" or ")}: ${command(name).what}. Change the key`}
                aria-pressed={asked === name} onClick={() => ask(asked === name ? null : name)} onBlur={() => ask(null)}
                onKeyDown={(event) => {
                  if (asked !== name || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
                  event.preventDefault();
                  event.stopPropagation();
                  if (event.key === "Escape") return ask(null);
                  const why = change(name, event);
                  setTrouble(why);
                  if (!why) setAsked(null);
                }}>
                {asked === name ? "press a key" : keysOf(name).map((key) => <Kbd key={key}>{key}</Kbd>)}
              </button>
            </dt>
            <dd>{command(name).what}{command(name).stack ? <span className="soft"> (stack)</span> : ""}
              {asked === name && trouble && <span className="problem" role="alert"> {trouble}</span>}</dd>
          </div>
        ))}
        <div><dt><Kbd>1</Kbd>–<Kbd>9</Kbd></dt><dd>write a suggestion into the edit</dd></div>
        <div><dt><Kbd>Esc</Kbd></dt><dd>leave the edit and keep the old value</dd></div>
      </dl>
      {changed() && <Button size="compact-sm" variant="default" onClick={reset}>As it was</Button>}
      <p className="soft">
        With a value chosen, click words on the page to write them into it; Shift-click takes all words up to there.
        A value that begins with a command's letter needs {keysOf("edit")[0]} first.
      </p>
    </Modal>
  );
}
