## The match of a pasted identifier, above the hits of the search.
<%namespace name="parts" file="parts.mako"/>
<%page args="match"/>
<section class="identified" aria-labelledby="title-identified">
  <h2 id="title-identified">\
    % if match.pages:
<a href="${match.pages[0].path}">${match.heading}</a>\
    % else:
${match.heading}\
    % endif
    % if match.pages and match.kind == "build":
 of ${match.pages[0].package}\
    % endif
    % if match.state:
 ${parts.state(match.state)}\
    % endif
</h2>
  % if match.title:
  <p>${match.title}</p>
  % endif
  % if match.details:
  <p class="aside">${match.details}</p>
  % endif
  % if match.note:
  <p>${match.note}</p>
  % endif
  % if match.bugs:
  <ul class="carriers">
    % for bug in match.bugs:
    <li><a href="${bug["url"]}" rel="external">${bug["id"]}</a> ${parts.state(bug["status"])}
      ${bug["summary"]}
      % if bug["page"]:
      <a href="${bug["page"].path}">${bug["page"].label}</a>
      % else:
      <span class="aside">${bug["product"]}, ${bug["component"]}</span>
      % endif
    </li>
    % endfor
  </ul>
  % endif
  <ul class="names">
    % for page in match.pages:
    <li><a href="${page.path}">${page.label}</a></li>
    % endfor
    <li><a href="${match.url}" rel="external">${match.heading} in ${upstream_title(match.upstream)}</a></li>
  </ul>
</section>
