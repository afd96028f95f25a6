// Names that the component libraries leave out: without them a screen reader says "Lifetime" for a
// selector and "sync" for a button. The page is drawn anew at will, so this follows its changes.
(function () {
  function nameSelectors() {
    document.querySelectorAll("label.form-label[for]").forEach(function (label) {
      var id = label.htmlFor;
      var selector = document.getElementById(id);
      var names = id + "_title " + id + "-value";
      if (selector && selector.matches("button") && selector.getAttribute("aria-labelledby") !== names) {
        selector.setAttribute("aria-labelledby", names);
      }
    });
  }

  function nameButtons() {
    document.querySelectorAll("button[title]:not([aria-label])").forEach(function (button) {
      button.setAttribute("aria-label", button.title);
    });
    var reset = document.getElementById("reset-button");
    if (reset && !reset.hasAttribute("aria-label")) {
      reset.setAttribute("aria-label", "Reset all choices");
    }
    document
      .querySelectorAll(".material-symbols-outlined:not([aria-hidden]):not([role])")
      .forEach(function (icon) {
        icon.setAttribute("aria-hidden", "true");
      });
  }

  // Vizro's headings begin at the second level, and its parts are no landmarks.
  function give(id, attributes) {
    var part = document.getElementById(id);
    Object.keys(attributes).forEach(function (name) {
      if (part && part.getAttribute(name) !== attributes[name]) {
        part.setAttribute(name, attributes[name]);
      }
    });
  }

  function nameParts() {
    give("header", { role: "banner" });
    give("dashboard-title", { role: "paragraph" });
    give("page-title", { role: "heading", "aria-level": "1" });
    give("nav-panel", { role: "navigation", "aria-label": "Pages" });
    give("control-panel", { role: "region", "aria-label": "Choices for the page" });
    give("right-side", { role: "main" });
    document.querySelectorAll("#nav-panel a.active:not([aria-current])").forEach(function (link) {
      link.setAttribute("aria-current", "page");
    });
    document.querySelectorAll("#nav-panel h2.accordion-header").forEach(function (heading) {
      heading.setAttribute("role", "presentation");
    });
  }

  function follow() {
    nameSelectors();
    nameButtons();
    nameParts();
  }

  new MutationObserver(follow).observe(document.documentElement, {
    childList: true,
    subtree: true,
  });
})();
