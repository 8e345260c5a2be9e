/* Links of the page: a plain click asks the running session, any other click opens the address. */
const NARROW = "(max-width: 640px)";

function isPlain(event) {
  const other = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  return event.button === 0 && !other && !event.defaultPrevented;
}

/* Parsed as XML, so that a text that was not escaped would be a fault, never markup. */
function drawingOf(source) {
  const parsed = new DOMParser().parseFromString(source, "image/svg+xml");
  const broken = parsed.querySelector("parsererror");
  return broken ? null : document.importNode(parsed.documentElement, true);
}

function draw(root, data) {
  root.replaceChildren();
  for (const name of ["wide", "narrow"]) {
    const drawing = data?.[name] ? drawingOf(data[name]) : null;
    if (!drawing) continue;
    drawing.classList.add(name);
    root.append(drawing);
  }
}

class Links {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.className = "drawings";
    parent.append(this.root);
    this.listen = (event) => this.pick(event);
    document.addEventListener("click", this.listen);
  }

  update({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    this.deaf = Boolean(data?.deaf);
    const said = JSON.stringify(data ?? {});
    if (said === this.said) return;
    this.said = said;
    draw(this.root, data);
  }

  pick(event) {
    const found = event.target.closest?.("[data-pick]");
    if (this.deaf || !found || !isPlain(event)) return;
    event.preventDefault();
    const target = found.getAttribute("data-pick");
    this.send("picked", target);
    if (target.startsWith("indicator:") && window.matchMedia(NARROW).matches)
      document.querySelector(".st-key-definition")?.scrollIntoView({ block: "start" });
  }

  destroy() {
    document.removeEventListener("click", this.listen);
    this.root.remove();
  }
}

const mounted = new WeakMap();

export default function mountLinks(component) {
  const { parentElement } = component;
  if (!mounted.has(parentElement)) mounted.set(parentElement, new Links(parentElement));
  const links = mounted.get(parentElement);
  links.update(component);
  return () => {
    links.destroy();
    mounted.delete(parentElement);
  };
}
