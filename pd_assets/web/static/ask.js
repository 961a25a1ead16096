// Dropping a picture on its form, or pasting one, and saying what becomes of it. Without this a file input does the same.
const form = document.getElementById("drop");
const input = document.getElementById("file");
const state = document.getElementById("state");

function send(files) {
  if (!files.length) return;
  input.files = files;
  chosen();
}

function chosen() {
  const file = input.files[0];
  form.querySelector("img")?.remove();
  if (!file) return;
  const most = Number(form.dataset.most);
  if (file.size > most) {
    state.textContent = `${file.name} has ${Math.ceil(file.size / 1e6)} MB; expected at most ${most / 1e6} MB.`;
    input.value = "";
    return;
  }
  const shown = document.createElement("img");
  shown.alt = "";
  shown.src = URL.createObjectURL(file);
  shown.onload = shown.onerror = () => URL.revokeObjectURL(shown.src);
  shown.addEventListener("error", () => shown.remove());
  state.before(shown);
  state.textContent = `${file.name} is chosen.`;
}

input.addEventListener("change", chosen);
form.addEventListener("submit", () => {
  state.textContent = "Looking for it…";
  form.querySelector("button").disabled = true;
});
addEventListener("pageshow", () => {
  form.querySelector("button").disabled = false;
});
for (const name of ["dragenter", "dragover"]) {
  form.addEventListener(name, (event) => {
    event.preventDefault();
    form.classList.add("over");
  });
}
form.addEventListener("dragleave", (event) => {
  if (!form.contains(event.relatedTarget)) form.classList.remove("over");
});
form.addEventListener("drop", (event) => {
  event.preventDefault();
  form.classList.remove("over");
  send(event.dataTransfer.files);
});
// What misses the form is not opened in place of the page.
for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
addEventListener("paste", (event) => send(event.clipboardData.files));
