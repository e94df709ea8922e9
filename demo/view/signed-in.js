// Where a login in a popup ends: tells the view that waits behind it, and is gone.
if (opener === null) location.replace('/');
else {
  opener.postMessage('signed-in', location.origin);
  close();
}
