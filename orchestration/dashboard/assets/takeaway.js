// What a reader takes away: a chart as PNG, made here by the charting library, and the page on
// paper or as PDF, by the browser's own print.
(function () {
  var PAPER = 680; // pixels: what fits on A4 and Letter

  // Paper is white, whatever the theme; null gives the theme's own back.
  var INK = {
    paper_bgcolor: "#ffffff",
    plot_bgcolor: "#ffffff",
    "font.color": "#222222",
    "legend.font.color": "#222222",
  };
  ["xaxis", "yaxis"].forEach(function (axis) {
    INK[axis + ".gridcolor"] = "#dddddd";
    INK[axis + ".linecolor"] = "#888888";
    INK[axis + ".tickcolor"] = "#888888";
    INK[axis + ".tickfont.color"] = "#444444";
    INK[axis + ".title.font.color"] = "#222222";
  });
  var NO_INK = Object.fromEntries(Object.keys(INK).map(function (key) {
    return [key, null];
  }));

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
        var text = value ? value.textContent.trim() : "";
        return label.textContent.trim() + ": " + text;
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
      var size = { width: PAPER, height: plot.clientHeight };
      window.Plotly.relayout(plot, Object.assign(size, INK));
    });
  });

  window.addEventListener("afterprint", function () {
    var before = document.documentElement.getAttribute("data-before-print");
    document.documentElement.setAttribute("data-bs-theme", before);
    plots().forEach(function (plot) {
      var size = { width: null, height: null, autosize: true };
      window.Plotly.relayout(plot, Object.assign(size, NO_INK));
    });
  });

  function theme() {
    return document.documentElement.getAttribute("data-bs-theme");
  }
})();
