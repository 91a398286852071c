## What was pasted into the search, and where it leads; above what the search finds.
<%namespace name="parts" file="parts.mako"/>
<%page args="found"/>
<section class="identified" aria-labelledby="title-identified">
  <h2 id="title-identified">\
    ## What leads nowhere here has one link, the last, which says where to.
    % if found.places:
<a href="${found.places[0].path}">${found.heading}</a>\
    % else:
${found.heading}\
    % endif
    % if found.places and found.kind == "build":
: of ${found.places[0].package}\
    % endif
    % if found.state:
 ${parts.state(found.state)}\
    % endif
</h2>
  % if found.title:
  <p>${found.title}</p>
  % endif
  % if found.facts:
  <p class="aside">${found.facts}</p>
  % endif
  % if found.note:
  <p>${found.note}</p>
  % endif
  % if found.bugs:
  <ul class="carriers">
    % for carrier in found.bugs:
    <li><a href="${carrier.address}" rel="external">${carrier.bug["id"]}</a> ${parts.state(carrier.bug["status"])}
      ${carrier.bug["summary"]}
      % if carrier.place:
      <a href="${carrier.place.path}">${carrier.place.label}</a>
      % else:
      <span class="aside">${carrier.bug["product"]}, ${carrier.bug["component"]}</span>
      % endif
    </li>
    % endfor
  </ul>
  % endif
  <ul class="names">
    % for place in found.places:
    <li><a href="${place.path}">${place.label}</a></li>
    % endfor
    <li><a href="${found.address}" rel="external">${found.heading} in ${spoken(found.upstream)}</a></li>
  </ul>
</section>
