// The system's theme, unless the dashboard's switch was pressed: it remembers under this name.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem("c360-theme");
  } catch (refused) {}
  if (chosen) document.documentElement.dataset.theme = chosen;
})();
