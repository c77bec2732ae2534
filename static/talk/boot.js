// Puts an exported talk into the reader's language, before its modules run.
{
  const asked = location.hash.slice(1).split(',')[0];
  const lang = ['en', 'zh'].includes(asked) ? asked : /^zh\b/i.test(navigator.language) ? 'zh' : 'en';
  const root = document.documentElement;
  root.dataset.lang = lang;
  const page = document.getElementById(`page-${lang}`);
  root.lang = page.dataset.tag;
  document.title = page.dataset.title;
  document.getElementById('main').append(page.content);
  for (const name of ['messages', 'deck']) document.getElementById(`${name}-${lang}`).id = name;
}
