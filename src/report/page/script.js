"use strict";
(async () => {
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  for (;;) {
    await wait(2000);
    if (document.hidden) continue;
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10000) });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("main");
      if (!fresh) throw new Error("no page");
      const old = document.querySelector("main");
      if (old.innerHTML !== fresh.innerHTML) old.replaceWith(fresh);
      document.title = page.title;
      document.body.classList.remove("stale");
    } catch {
      document.body.classList.add("stale");
    }
  }
})();
