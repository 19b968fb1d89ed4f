import { Kbd, Modal } from "@mantine/core";

const keys: [string[], string][] = [
  [["Tab", "Shift Tab"], "next, previous value that needs a look"],
  [["↓", "↑"], "next, previous value of any kind"],
  [["Enter"], "accept and go on; in an edit: save"],
  [["F2", "or type"], "correct the value"],
  [["Esc"], "leave the edit and keep the old value"],
  [["X"], "not on the page"],
  [["Del"], "reject the value"],
  [["U", "Ctrl Z"], "undo the last change"],
  [["Ctrl Enter"], "approve the document, open the next"],
  [["J", "K"], "next, previous document"],
  [["+", "−", "0"], "zoom in, out, fit"],
  [["R", "Shift R"], "turn the view right, left"],
  [["/"], "search in the document; Enter, Shift Enter: next, previous place"],
  [["P"], "whose document it is"],
  [["T"], "what kind of document it is"],
  [["S"], "the stack; there: S split here, M join, [ ] move a page"],
  [["G"], "go to a page"],
  [["?"], "this list"],
];

export function Help({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title="Keys" lockScroll={false} centered
      closeButtonProps={{ "aria-label": "Close" }}>
      <dl className="keys">
        {keys.map(([names, what]) => (
          <div key={what}>
            <dt>{names.map((name) => (name.startsWith("or") ? <span key={name}> {name}</span> : <Kbd key={name}>{name}</Kbd>))}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p className="soft">
        With a value chosen, click words on the page to write them into it; Shift-click takes all words up to there.
        A value that begins with a command's letter needs F2 first.
      </p>
    </Modal>
  );
}
