// Offers to show moments in the time zone of this browser, where the page is in another one. Nothing is sent by itself.
"use strict";
(() => {
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const shown = document.querySelector("[data-zone]")?.dataset.zone;
  if (!own || !shown || own === shown) return;
  for (const offer of document.querySelectorAll("[data-zone-offer]")) {
    const link = offer.querySelector("a");
    const to = new URL(offer.dataset.back ?? window.location.href, window.location.origin);
    to.searchParams.delete("done");
    to.searchParams.set("zone", own);
    link.href = to.pathname + to.search;
    link.querySelector("bdi").textContent = own;
    offer.hidden = false;
  }
})();
