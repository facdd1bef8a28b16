// Keeps the page true without loading it again: asks for it, and puts in place what changed.
'use strict';

const EVERY = 3000; // milliseconds between two questions, while somebody looks
const status = document.getElementById('live');

function place(fresh) {
  const old = document.querySelector('main');
  const known = new Map([...old.children].map((one) => [one.id, one]));
  let before = null;
  for (const one of [...fresh.querySelector('main').children]) {
    const mine = known.get(one.id);
    known.delete(one.id);
    let here = mine;
    if (!mine || mine.outerHTML !== one.outerHTML) {
      here = document.importNode(one, true);
      if (mine) mine.replaceWith(here);
    }
    const wanted = before ? before.nextSibling : old.firstChild;
    if (here !== wanted) old.insertBefore(here, wanted);
    before = here;
  }
  known.forEach((gone) => gone.remove());
  document.title = fresh.title;
  status.textContent = fresh.getElementById('live').textContent.replace(/;.*/, '; live');
}

async function ask() {
  try {
    const answer = await fetch(location.href, { cache: 'no-cache', headers: { Accept: 'text/html' } });
    if (answer.ok || answer.status === 404) {
      place(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    } else {
      status.textContent = `not live: answered ${answer.status}; asking again`;
    }
  } catch (error) {
    status.textContent = 'not live: nobody answers; asking again';
  }
}

async function go() {
  if (!document.hidden) await ask();
  setTimeout(go, EVERY);
}

document.addEventListener('visibilitychange', () => { if (!document.hidden) ask(); });
setTimeout(go, EVERY);
