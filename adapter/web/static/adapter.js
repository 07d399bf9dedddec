// Refreshes the list of a page while it is to be followed and can be seen. Without JavaScript nothing is missing
// but this: the page is loaded again by hand.
//
// <button type="button" data-follow="#calls" hidden>Follow</button> refreshes the element #calls.
"use strict";

const SECONDS = 5;

for (const button of document.querySelectorAll("[data-follow]")) {
  let timer = null;

  const refresh = async () => {
    const list = document.querySelector(button.dataset.follow);
    if (document.hidden || list === null || list.contains(document.activeElement)) return;
    try {
      const response = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!response.ok || response.redirected) return;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.querySelector(button.dataset.follow);
      if (fresh !== null) list.replaceWith(fresh);
    } catch {
      // The server is away. The next refresh may reach it.
    }
  };

  button.hidden = false;
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    const follows = button.getAttribute("aria-pressed") === "true";
    button.setAttribute("aria-pressed", String(!follows));
    clearInterval(timer);
    if (!follows) timer = setInterval(refresh, SECONDS * 1000);
  });
}
