// A view that calls its API on another host of the same site, and goes on where it is when its session has ended.

const api = document.body.dataset.api;
const [note, load, state, order, renew, leave] = ['note', 'load', 'state', 'order', 'renew', 'leave'].map(
  (id) => document.getElementById(id),
);
let loginUrl;

/** Calls the API with the cookie of its host. */
async function loadOrder() {
  const id = location.hash.replace('#/orders/', '') || '7';
  const answer = await fetch(`${api}/api/orders/${id}`, { credentials: 'include' });
  const body = await answer.json();
  const ended = answer.status === 401;
  loginUrl = ended ? body.login_url : undefined;
  renew.hidden = leave.hidden = !ended;
  state.textContent = ended ? `sign in to go on (${body.reason})` : answer.ok ? 'loaded' : body.reason;
  if (answer.ok) order.textContent = `order ${id}, for ${body.subject}`;
}

function tryToLoad() {
  loadOrder().catch(() => {
    state.textContent = 'the API cannot be reached';
  });
}

/** The gateway knows this page by its Referer alone, which tells other hosts no path: so the page says where to come back to. */
function loginTo(place) {
  const url = new URL(loginUrl);
  url.searchParams.set('rd', new URL(place, location.href));
  return url;
}

/** Leaves, and comes back to the same address; what was typed waits meanwhile. */
function leaveForLogin() {
  sessionStorage.setItem('note', note.value);
  location.assign(loginTo(location.href));
}

load.addEventListener('click', tryToLoad);
leave.addEventListener('click', leaveForLogin);
renew.addEventListener('click', () => {
  // Signed in without a question where the provider still knows the person. Not inside a frame: providers refuse those.
  const popup = open(loginTo('/signed-in'), 'login', 'popup,width=520,height=640');
  if (popup === null) leaveForLogin();
});
addEventListener('message', (event) => {
  if (event.origin === location.origin && event.data === 'signed-in') tryToLoad();
});

const kept = sessionStorage.getItem('note');
if (kept !== null) {
  sessionStorage.removeItem('note');
  note.value = kept;
  tryToLoad();
}
