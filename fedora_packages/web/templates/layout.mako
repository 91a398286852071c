## The frame of every page.  Pages fill the blocks `page_title`, `searched` (the text in the search field) and `about` (metadata), and
## give the body.
<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title><%block name="page_title">Fedora Packages</%block></title>
  <%block name="about"/>
  <link rel="icon" type="image/svg+xml" href="${request.static_path('fedora_packages:web/static/icon.svg')}">
  <link rel="stylesheet" href="${request.static_path('fedora_packages:web/static/site.css')}">
  <link rel="search" type="application/opensearchdescription+xml" title="Fedora Packages" href="${request.route_path('opensearch')}">
  <script src="${request.static_path('fedora_packages:web/static/complete.js')}" defer></script>
</head>
<body>
  <a class="skip" href="#main">Skip to main content</a>
  <header class="site">
    <a class="home" href="${request.route_path('home')}">Fedora Packages</a>
    <form role="search" action="${request.route_path('search')}" method="get">
      <label class="hidden" for="search">Search packages</label>
      <input type="search" id="search" name="search" maxlength="${max_search_length}" placeholder="Package name or keywords"
             autocomplete="off" spellcheck="false" data-completions="${request.route_path('api.completions')}"
             value="<%block name='searched'/>">
      <button type="submit">Search</button>
    </form>
  </header>
  <main id="main" tabindex="-1">
    ${next.body()}
  </main>
  <footer class="site">
    <p>Data from ${upstream_titles}.  All times are UTC.
      <a href="${request.route_path('status')}">Status</a> ·
      <a href="${request.route_path('api')}">JSON API</a></p>
  </footer>
</body>
</html>
