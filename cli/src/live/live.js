"use strict";
// What the run has done comes once per second; at its end the page is loaded again, and then is that of the result.
const lost = document.getElementById("lost");
const events = new EventSource(location.pathname.replace(/\/?$/, "/events"));
events.addEventListener("progress", ({ data }) => {
  lost.hidden = true;
  document.getElementById("progress").innerHTML = data;
});
events.addEventListener("end", () => {
  events.close();
  location.reload();
});
events.addEventListener("error", () => {
  lost.hidden = false;
});
