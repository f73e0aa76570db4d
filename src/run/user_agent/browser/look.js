(() => {
  const controls = "input, button, select, textarea, a, [role=button]";
  const copy = document.documentElement.cloneNode(true);
  const isSeen = element => !element.checkVisibility || element.checkVisibility({ visibilityProperty: true });
  const live = [...document.querySelectorAll("body *")].slice(0, 5000);
  [...copy.querySelectorAll("body *")].slice(0, 5000).forEach((element, at) => {
    if (!live[at] || isSeen(live[at])) return;
    // A checkbox is often hidden behind its drawing.
    if (!["checkbox", "radio", "hidden"].includes(live[at].type)) element.setAttribute("hidden", "");
  });
  const real = [...document.querySelectorAll(controls)];
  [...copy.querySelectorAll(controls)].forEach((element, at) => {
    const control = real[at];
    element.setAttribute("data-authspec", at);
    if (!element.getAttribute("name") && control.localName === "input") element.setAttribute("name", "authspec-" + at);
    if (control.localName === "select") {
      [...element.options].forEach((option, n) => option.toggleAttribute("selected", control.options[n].selected));
    } else if (control.localName === "textarea") {
      element.textContent = control.value;
    } else if (["checkbox", "radio"].includes(control.type)) {
      element.toggleAttribute("checked", control.checked);
    } else if (control.localName === "input" && control.type !== "password") {
      element.setAttribute("value", control.value);
    }
    // Many buttons are disabled until the fields are filled.
    if (["button", "submit"].includes(control.type)) element.removeAttribute("disabled");
    if (control.localName === "button" && control.type === "button") element.setAttribute("type", "submit");
    if (control.localName === "input" && control.type === "button") element.setAttribute("type", "submit");
    if (!["button", "a", "input"].includes(control.localName) && control.getAttribute("role") === "button") {
      const button = document.createElement("button");
      for (const { name, value } of element.attributes) button.setAttribute(name, value);
      button.append(...element.childNodes);
      element.replaceWith(button);
    }
  });
  // They have run already.
  copy.querySelectorAll("script").forEach(script => { script.textContent = "" });
  let cookies = "";
  try { cookies = document.cookie } catch {}
  return {
    html: "<!doctype html>" + copy.outerHTML,
    is_complete: document.readyState === "complete",
    cookies,
    url: location.href,
  };
})()
