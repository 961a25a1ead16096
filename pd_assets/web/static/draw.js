// The drawing page with scripts: the brush over the start picture, a new seed, what a model takes, what is said aloud.
"use strict";

(() => {
  const by = (id) => document.getElementById(id);
  const form = by("draw-form");

  // What changes while it draws is said once, not every second.
  const say = () => {
    const drawing = by("drawing"), said = by("said");
    if (drawing && said && said.textContent !== drawing.dataset.said) said.textContent = drawing.dataset.said;
  };
  say();
  document.addEventListener("htmx:afterSettle", say);
  if (!form) return;

  const model = by("model"), seed = by("seed"), file = by("picture"), start = by("start");
  const chosen = () => model.selectedOptions[0].dataset;

  const renew = by("new-seed");
  renew.hidden = false;
  renew.addEventListener("click", () => { seed.value = crypto.getRandomValues(new Uint32Array(1))[0] >>> 1; });

  model.addEventListener("change", () => {
    for (const told of document.querySelectorAll(".about-model")) told.hidden = told.dataset.model !== model.value;
    for (const part of document.querySelectorAll(".prompted")) part.hidden = !chosen().prompts;
    by("steps").placeholder = chosen().steps;
    by("guidance").placeholder = chosen().guidance;
    for (const side of ["width", "height"]) {
      by(side).placeholder = chosen().size;
      by(side).step = chosen().multiple;
      by(side).min = chosen().least;
      by(side).max = chosen().most;
    }
    shape();
  });

  // The brush: strokes as lists of points, in shares of the picture, so that any of them can be undone.
  const masking = by("mask"), canvas = by("sketch"), pen = canvas.getContext("2d");
  const mask = document.createElement("canvas"), size = by("brush-size"), brushed = by("brushed"), kept = by("kept-mask");
  let picture = null, strokes = [], stroke = null, paper = null;

  const sides = () => ["width", "height"].map((side) => Number(by(side).value) || Number(chosen().size) || 1);

  const shape = () => {
    const [width, height] = sides(), grown = 512 / Math.max(width, height);
    canvas.width = mask.width = Math.max(1, Math.round(width * grown));
    canvas.height = mask.height = Math.max(1, Math.round(height * grown));
    paint();
  };

  // Strokes on a canvas of their own, opaque: where two cross they are no darker.
  const painted = (on, colour) => {
    on.strokeStyle = on.fillStyle = colour;
    on.lineCap = on.lineJoin = "round";
    const { width, height } = on.canvas, across = Math.max(width, height);
    for (const one of strokes) {
      on.lineWidth = one.size * across;
      on.beginPath();
      if (one.points.length === 1) {
        const [x, y] = one.points[0];
        on.arc(x * width, y * height, on.lineWidth / 2, 0, 7);
        on.fill();
        continue;
      }
      one.points.forEach(([x, y], at) => on[at ? "lineTo" : "moveTo"](x * width, y * height));
      on.stroke();
    }
  };

  const paint = () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    if (picture) {
      // The middle of it, as it is drawn from.
      const grown = Math.max(canvas.width / picture.width, canvas.height / picture.height);
      const width = picture.width * grown, height = picture.height * grown;
      pen.imageSmoothingEnabled = grown < 4;
      pen.drawImage(picture, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
    }
    const above = mask.getContext("2d");
    above.clearRect(0, 0, mask.width, mask.height);
    painted(above, "#e0218a");
    pen.globalAlpha = 0.6;
    pen.drawImage(mask, 0, 0);
    pen.globalAlpha = 1;
  };

  const told = () => {
    const count = strokes.length;
    brushed.textContent = count ? `${count} ${count === 1 ? "stroke" : "strokes"}` : kept.value ? "A part is marked already; Clear takes it away" : "";
    paint();
  };

  const at = (event) => {
    const place = canvas.getBoundingClientRect();
    return [(event.clientX - place.left) / place.width, (event.clientY - place.top) / place.height];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (!picture || event.button) return;
    canvas.setPointerCapture(event.pointerId);
    stroke = { id: event.pointerId, size: size.value / 100, points: [at(event)] };
    strokes.push(stroke);
    told();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!stroke || stroke.id !== event.pointerId) return;
    stroke.points.push(...(event.getCoalescedEvents?.() || []).map(at), at(event));
    paint();
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) canvas.addEventListener(end, () => { stroke = null; });
  size.addEventListener("input", () => size.setAttribute("aria-valuetext", `${size.value} percent of the picture`));
  by("brush-undo").addEventListener("click", () => { strokes.pop(); told(); });
  by("brush-clear").addEventListener("click", () => { strokes = []; kept.value = ""; told(); });

  const show = (address, isOwn) => {
    const loaded = new Image();
    paper = address;
    const done = () => { if (isOwn) URL.revokeObjectURL(address); };
    loaded.addEventListener("load", () => {
      if (paper === address) { picture = loaded; masking.hidden = false; shape(); told(); }
      done();
    });
    loaded.addEventListener("error", () => {
      // A TIFF, say: the server reads it, the browser does not.
      if (paper === address) { picture = null; masking.hidden = true; }
      done();
    });
    loaded.src = address;
  };

  const ours = () => {
    if (!start.value.trim()) { picture = null; paper = null; masking.hidden = true; return; }
    const [width, height] = sides();
    show(`/draw/start?${new URLSearchParams({ start: start.value, width, height })}`, false);
  };

  file.addEventListener("change", () => {
    strokes = [];
    kept.value = "";
    const one = file.files[0], isLarge = Boolean(one) && one.size > Number(form.dataset.mostBytes);
    by("too-large").hidden = !isLarge;
    if (isLarge) { file.value = ""; return; }
    if (one) show(URL.createObjectURL(one), true); else ours();
  });
  start.addEventListener("change", () => { strokes = []; kept.value = ""; ours(); });
  for (const side of ["width", "height"]) by(side).addEventListener("change", () => { if (file.files[0]) shape(); else ours(); });
  ours();

  form.addEventListener("submit", () => {
    by("brush").value = "";
    if (!strokes.length) return;
    const out = document.createElement("canvas");
    out.width = canvas.width;
    out.height = canvas.height;
    const on = out.getContext("2d");
    on.fillStyle = "#000";
    on.fillRect(0, 0, out.width, out.height);
    painted(on, "#fff");
    by("brush").value = out.toDataURL("image/png");
  });
})();
