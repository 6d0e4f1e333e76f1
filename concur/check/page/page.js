
"use strict";
// Each failing run is a table that is complete by itself. This adds the place in it: a current step,
// shown in the table, in the lines of the program and in the shared values, and said aloud.
document.documentElement.classList.add("scripted");

function centre(box, line) {
  const outer = box.getBoundingClientRect(), inner = line.getBoundingClientRect();
  const head = box.querySelector("thead th");
  const covered = head && getComputedStyle(head).position === "sticky" ? head.offsetHeight : 0;
  const above = inner.top - outer.top - covered, room = box.clientHeight - covered;
  if (above < 0 || above + inner.height + 40 > room) { // 40: a bit of the next line shows
    box.scrollTop += above - Math.max(0, (room - inner.height) / 2);
  }
}

function sideways(box, row) { // to the cell of the thread whose step it is
  const cell = row.querySelector("td:has(code)"), head = row.querySelector("th");
  if (!cell || !head) return;
  const outer = box.getBoundingClientRect(), inner = cell.getBoundingClientRect();
  const left = inner.left - outer.left - head.offsetWidth;
  if (left < 0) box.scrollLeft += left;
  const over = inner.right - outer.left - box.clientWidth;
  if (over > 0) box.scrollLeft += Math.min(left, over);
}

for (const run of document.querySelectorAll(".run")) {
  const rows = [...run.querySelectorAll(".steps tbody tr")];
  const table = run.querySelector(".steps"), slider = run.querySelector("input[type=range]");
  const said = run.querySelector(".now"), state = run.querySelector(".state");
  const listings = [...run.querySelectorAll(".listing")];
  const buttons = [...run.querySelectorAll("[data-go]")];
  const first = Number(run.dataset.first);
  const names = [...new Set([...run.querySelectorAll(".change")].map((each) => each.dataset.name))];
  let current = -1;

  function showState(index) {
    const holds = new Map(), changed = new Set();
    for (let step = 0; step <= index; step++) {
      for (const each of rows[step].querySelectorAll(".change")) {
        if (step === index && holds.get(each.dataset.name) !== each.dataset.value) {
          changed.add(each.dataset.name);
        }
        holds.set(each.dataset.name, each.dataset.value);
      }
    }
    const body = state.querySelector("tbody");
    body.textContent = "";
    for (const name of names) {
      const row = body.insertRow(), head = document.createElement("th"), label = document.createElement("code");
      head.scope = "row";
      label.textContent = name;
      head.append(label);
      row.append(head);
      const cell = row.insertCell();
      if (holds.has(name)) {
        const value = document.createElement("code");
        value.textContent = holds.get(name);
        cell.append(value);
      } else {
        cell.textContent = "not touched yet";
      }
      cell.className = changed.has(name) ? "changed" : "";
    }
  }

  function showLine(row) {
    for (const listing of listings) {
      for (const line of listing.querySelectorAll("[aria-current]")) line.removeAttribute("aria-current");
      if (row.dataset.file === undefined) continue;
      listing.hidden = listing.dataset.file !== row.dataset.file;
      const line = listing.hidden ? null : listing.querySelector(`li[value="${row.dataset.line}"]`);
      if (line) {
        line.setAttribute("aria-current", "true");
        centre(listing.querySelector(".scroll"), line);
      }
    }
  }

  function go(index) {
    index = Math.max(0, Math.min(rows.length - 1, index));
    if (index === current) return;
    if (current >= 0) rows[current].removeAttribute("aria-current");
    current = index;
    const row = rows[index];
    row.setAttribute("aria-current", "step");
    slider.value = String(index + 1);
    slider.setAttribute("aria-valuetext", `step ${first + index} of ${first + rows.length - 1}`);
    for (const button of buttons) {
      const back = ["first", "previous"].includes(button.dataset.go);
      button.setAttribute("aria-disabled", String(back ? index === 0 : index === rows.length - 1));
    }
    centre(table, row);
    sideways(table, row);
    showLine(row);
    if (names.length) showState(index);
    said.textContent = row.dataset.say;
  }

  function goTo(where) {
    go({ first: 0, previous: current - 1, next: current + 1, last: rows.length - 1 }[where]);
  }

  run.querySelector(".controls").hidden = said.hidden = false;
  state.hidden = names.length === 0;
  slider.addEventListener("input", () => go(Number(slider.value) - 1));
  for (const button of buttons) button.addEventListener("click", () => goTo(button.dataset.go));
  const keys = {
    ArrowUp: "previous", ArrowLeft: "previous", ArrowDown: "next", ArrowRight: "next", Home: "first", End: "last",
  };
  run.addEventListener("keydown", (event) => {
    const inButtons = event.target.closest("[data-go]"), inTable = event.target === table;
    const along = event.key === "ArrowLeft" || event.key === "ArrowRight";
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !(event.key in keys)) return;
    if (inButtons || (inTable && !(along && table.scrollWidth > table.clientWidth))) {
      event.preventDefault();
      goTo(keys[event.key]);
    }
  });
  rows.forEach((row, index) => row.addEventListener("click", () => {
    if (!String(getSelection())) go(index);
  }));
  go(0);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy);
    let done = false;
    try {
      await navigator.clipboard.writeText(text.textContent);
      done = true;
    } catch {
      getSelection().selectAllChildren(text);
      done = document.execCommand("copy");
    }
    button.nextElementSibling.textContent = done ? "copied" : "selected: copy it with the keyboard";
  });
}
