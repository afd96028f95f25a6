// The theme is the system's until somebody presses the switch; from then on it is theirs, also in
// the next session. Vizro keeps its own note for one session only, which is written here before it
// is read.
(function () {
  var OURS = "c360-theme";
  var THEIRS = "theme-selector"; // true is light
  var dark = window.matchMedia("(prefers-color-scheme: dark)");

  function remembered() {
    try {
      return localStorage.getItem(OURS);
    } catch (refused) {
      return null; // a browser that keeps nothing follows the system
    }
  }

  function isLight() {
    var chosen = remembered();
    return chosen ? chosen === "light" : !dark.matches;
  }

  try {
    sessionStorage.setItem(THEIRS, String(isLight()));
  } catch (refused) {}
  document.documentElement.setAttribute("data-bs-theme", isLight() ? "light" : "dark");

  document.addEventListener("click", function (event) {
    if (event.target.closest("#theme-toggle")) {
      var now = document.documentElement.getAttribute("data-bs-theme");
      try {
        localStorage.setItem(OURS, now === "light" ? "dark" : "light");
      } catch (refused) {}
    }
  }, true);

  dark.addEventListener("change", function () {
    if (!remembered()) {
      window.dash_clientside.set_props(THEIRS, { data: isLight() });
    }
  });
})();
