<?xml version="1.0" encoding="UTF-8"?>
## The description of the search for browsers.
<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/" xmlns:moz="http://www.mozilla.org/2006/browser/search/">
  <ShortName>Fedora Packages</ShortName>
  <Description>Search Fedora packages by name, command or description</Description>
  <InputEncoding>UTF-8</InputEncoding>
  <Image width="16" height="16" type="image/svg+xml">${request.static_url('fedora_packages:web/static/icon.svg')}</Image>
  <Image width="128" height="128" type="image/png">${request.static_url('fedora_packages:web/static/package_128x128.png')}</Image>
  <Url type="text/html" method="get" template="${search}"/>
  <Url type="application/x-suggestions+json" method="get" template="${suggestions}"/>
  <Url type="application/opensearchdescription+xml" rel="self" template="${request.route_url('opensearch')}"/>
  <moz:SearchForm>${request.route_url('home')}</moz:SearchForm>
</OpenSearchDescription>
