async ({ fills, click }) => {
  const controls = [...document.querySelectorAll("input, button, select, textarea, a, [role=button]")];
  const prototypes = { textarea: HTMLTextAreaElement, select: HTMLSelectElement, input: HTMLInputElement };
  for (const [at, value] of fills) {
    const control = controls[at];
    if (!control) continue;
    if (typeof value === "boolean") {
      if (control.checked !== value) control.click();
      continue;
    }
    control.focus();
    // The property of the prototype: frameworks put their own over it.
    const { set } = Object.getOwnPropertyDescriptor(prototypes[control.localName].prototype, "value");
    set.call(control, value);
    control.dispatchEvent(new Event("input", { bubbles: true }));
    control.dispatchEvent(new Event("change", { bubbles: true }));
  }
  // What is drawn anew because of this comes first.
  await new Promise(done => setTimeout(done, 50));
  if (click !== null) {
    setTimeout(() => controls[click]?.click(), 0);
  } else if (fills.length) {
    setTimeout(() => controls[fills[0][0]]?.form?.requestSubmit(), 0);
  }
  return true;
}
