(() => {
  "use strict";
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // what the reader chose, else what the system says
  const theme = document.getElementById("theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const name = () => {
    theme.textContent = isDark() ? "Light" : "Dark";
    theme.setAttribute("aria-pressed", String(isDark()));
  };
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    name();
  });
  name();

  const findings = all(".finding");
  const shown = () => findings.filter((finding) => !finding.hidden);
  const search = document.getElementById("search");
  const count = document.getElementById("count");
  const selects = all("select[data-by]");
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const finding of findings) {
      const fits = selects.every((select) => !select.value || finding.dataset[select.dataset.by] === select.value);
      finding.hidden = !(fits && words.every((word) => finding.dataset.words.includes(word)));
    }
    const isNarrowed = shown().length < findings.length;
    for (const file of all(".file")) {
      file.hidden = isNarrowed && !all(".finding", file).some((finding) => !finding.hidden);
    }
    count.textContent = `${shown().length} of ${findings.length} shown`;
  };
  if (search) {
    search.addEventListener("input", filter);
    selects.forEach((select) => select.addEventListener("change", filter));
    search.form.addEventListener("submit", (event) => event.preventDefault());
    filter(); // a page that is loaded again keeps what was chosen
  }

  const reveal = (target) => {
    for (let box = target; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "start" });
  };
  const follow = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target) reveal(target);
  };
  addEventListener("hashchange", follow);
  follow();
  addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault(); // the event "hashchange" comes late, and would take the focus from the next key
    history.pushState(null, "", link.hash);
    follow();
  });

  addEventListener("keydown", (event) => {
    if (event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { j: 1, k: -1 }[event.key];
    if (event.key === "/" && search) {
      event.preventDefault();
      search.focus();
    } else if (step && shown().length) {
      const place = shown().indexOf(document.activeElement.closest(".finding"));
      const next = place < 0 ? (step > 0 ? 0 : shown().length - 1) : place + step;
      reveal(shown()[Math.min(Math.max(next, 0), shown().length - 1)]);
    }
  });

  const select = (text) => {
    const range = document.createRange();
    range.selectNodeContents(text);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  };
  for (const button of all(".copy")) {
    button.addEventListener("click", async () => {
      const text = button.nextElementSibling;
      try {
        await navigator.clipboard.writeText(text.textContent);
        button.textContent = "Copied";
      } catch {
        select(text); // a file that is opened from disk may not be allowed to
        button.textContent = document.execCommand("copy") ? "Copied" : "Press Ctrl+C";
      }
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
  }

  // paper cannot be unfolded
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    folded.forEach((box) => (box.open = true));
  });
  addEventListener("afterprint", () => folded.forEach((box) => (box.open = false)));
})();
