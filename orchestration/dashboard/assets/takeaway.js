// What a reader takes away: a chart as PNG, made here by the charting library, and the page on
// paper or as PDF, by the browser's own print.
(function () {
  var PAPER = 680; // pixels: what fits on A4 and Letter

  function plots() {
    return Array.from(document.querySelectorAll(".c360-chart .js-plotly-plot"));
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("button.c360-png");
    if (button) {
      var name = button.getAttribute("data-graph");
      var plot = document.querySelector("#" + CSS.escape(name) + " .js-plotly-plot");
      var paper = getComputedStyle(document.querySelector(".c360-card")).backgroundColor;
      var layout = Object.assign({}, plot.layout, { paper_bgcolor: paper, autosize: false });
      window.Plotly.downloadImage(
        { data: plot.data, layout: layout },
        {
          format: "png",
          filename: name,
          width: Math.max(plot.clientWidth, 640),
          height: Math.max(plot.clientHeight, 340),
          scale: 2,
        },
      );
    }
    if (event.target.closest("#c360-print")) {
      window.print();
    }
  });

  // Paper does not say what was chosen, so the page does.
  function chosen() {
    var said = Array.from(document.querySelectorAll("#control-panel label.form-label[for]"));
    return said
      .map(function (label) {
        var value = document.getElementById(label.htmlFor);
        var text = value ? value.innerText.trim() : "";
        return label.innerText.trim() + ": " + text;
      })
      .join(" · ");
  }

  window.addEventListener("beforeprint", function () {
    var stamp = document.querySelector("[data-page]");
    if (stamp) {
      stamp.setAttribute("data-chosen", chosen());
    }
    document.documentElement.setAttribute("data-before-print", theme());
    document.documentElement.setAttribute("data-bs-theme", "light");
    plots().forEach(function (plot) {
      window.Plotly.relayout(plot, { width: PAPER, height: plot.clientHeight, "font.color": "#222" });
    });
  });

  window.addEventListener("afterprint", function () {
    var before = document.documentElement.getAttribute("data-before-print");
    document.documentElement.setAttribute("data-bs-theme", before);
    plots().forEach(function (plot) {
      window.Plotly.relayout(plot, { width: null, height: null, "font.color": null, autosize: true });
    });
  });

  function theme() {
    return document.documentElement.getAttribute("data-bs-theme");
  }
})();
