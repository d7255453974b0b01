// Sets the colour scheme before the first paint. A file, since the page's policy allows no inline script.
(function () {
  var kept = null;
  try {
    kept = localStorage.getItem('portolan-scheme');
  } catch (error) {
    // No storage: the system's scheme is right.
  }
  var dark = kept === 'dark' || (kept !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
