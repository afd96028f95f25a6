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

  function follow() {
    nameSelectors();
    nameButtons();
  }

  new MutationObserver(follow).observe(document.documentElement, {
    childList: true,
    subtree: true,
  });
})();
