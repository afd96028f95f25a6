// Choices in the address. Vizro writes them as base64 of JSON; a link written by hand, or by us,
// may have them plain: ?audience_segment=top_three_deciles.
(function () {
  function written(value) {
    var bytes = new TextEncoder().encode(JSON.stringify(value));
    var text = btoa(String.fromCharCode.apply(null, bytes));
    return "b64_" + text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function asVizroReads(search) {
    var query = new URLSearchParams(search);
    Array.from(query.entries()).forEach(function (entry) {
      if (entry[1].indexOf("b64_") !== 0) {
        query.set(entry[0], written(entry[1]));
      }
    });
    return query;
  }

  if (window.location.search) {
    history.replaceState(
      null,
      "",
      window.location.pathname + "?" + asVizroReads(window.location.search),
    );
  }

  // Where a mark or a row leads, the choices of this page go along: a selector of the same variable
  // there has the same name in the address, but for the page's.
  function withChoices(address, other) {
    var target = new URL(address, window.location.href);
    var here = document.querySelector("[data-page]");
    var own = (here ? here.getAttribute("data-page") : "") + "_";
    new URLSearchParams(window.location.search).forEach(function (value, name) {
      var same = other + "_" + name.slice(own.length);
      if (name.indexOf(own) === 0 && !target.searchParams.has(same)) {
        target.searchParams.set(same, value);
      }
    });
    return target.pathname + "?" + target.searchParams;
  }

  function prepare(event) {
    var link = event.target.closest && event.target.closest("a.c360-lead");
    if (link) {
      link.setAttribute("href", withChoices(link.getAttribute("href"), link.dataset.to));
    }
    var data = event.target.closest && event.target.closest("a.c360-csv");
    if (data) {
      data.setAttribute("href", data.pathname + window.location.search);
    }
  }
  // Before it is followed, opened in another tab or copied, by mouse or keyboard.
  document.addEventListener("pointerdown", prepare, true);
  document.addEventListener("focusin", prepare, true);

  function follow(frame, point) {
    var names = JSON.parse(frame.dataset.chooses);
    var said = point.customdata;
    var query = new URLSearchParams();
    names.forEach(function (name, place) {
      query.set(name, String(said[said.length - names.length + place]));
    });
    window.location.assign(withChoices(frame.dataset.leadsTo + "?" + query, frame.dataset.to));
  }

  function listen() {
    document.querySelectorAll(".c360-leads .js-plotly-plot").forEach(function (plot) {
      if (!plot.c360Listens && plot.on) {
        plot.c360Listens = true;
        plot.on("plotly_click", function (event) {
          follow(plot.closest(".c360-leads"), event.points[0]);
        });
      }
    });
  }

  new MutationObserver(listen).observe(document.documentElement, {
    childList: true,
    subtree: true,
  });
})();
