// Filter by verdict: press a count to see only its cases, press it again to see all.
const buttons = document.querySelectorAll("[data-filter]");
function show(verdict) {
  for (const button of buttons) {
    button.setAttribute("aria-pressed", String(button.dataset.filter === verdict));
  }
  for (const section of document.querySelectorAll(".cases")) {
    let any = !verdict;
    for (const item of section.querySelectorAll(".case")) {
      item.hidden = Boolean(verdict) && item.dataset.verdict !== verdict;
      any = any || !item.hidden;
    }
    section.hidden = !any;
  }
}
for (const button of buttons) {
  button.addEventListener("click", () => {
    const pressed = button.getAttribute("aria-pressed") === "true";
    show(pressed ? "" : button.dataset.filter);
  });
}
// A link to a case leads to an open one.
function reveal() {
  const item = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (item instanceof HTMLDetailsElement) {
    item.open = true;
  }
}
addEventListener("hashchange", reveal);
reveal();
