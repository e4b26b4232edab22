// A page that was opened from a file may not start a worker: the worker's script runs in a hidden frame instead.
if (location.protocol === "file:") {
  window.Worker = class {
    constructor(url) {
      this.waiting = [];
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.onload = () => {
        this.frame.onload = null;
        const inside = this.frame.contentWindow;
        const script = inside.document.createElement("script");
        inside.postMessage = (data) => this.onmessage?.({ data });
        script.src = url;
        script.onload = () => {
          this.postMessage = (data) => inside.onmessage?.({ data });
          this.waiting.forEach((data) => this.postMessage(data));
        };
        script.onerror = (event) => this.onerror?.(event);
        inside.document.body.append(script);
      };
      document.body.append(this.frame);
    }
    postMessage(data) {
      this.waiting.push(data);
    }
    terminate() {
      this.frame.remove();
    }
  };
}
