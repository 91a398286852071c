## What the package is.
% if described.summary:
<p class="summary">${described.summary}</p>
% endif
% for paragraph in described.shown:
<p class="lines">${paragraph}</p>
% endfor
% if described.folded:
<details class="rest">
  <summary>More of the description</summary>
  % for paragraph in described.folded:
  <p class="lines">${paragraph}</p>
  % endfor
</details>
% endif
% if described.source:
<p class="why">Summary and description are from ${described.source}.</p>
% endif
<dl>
  % if version:
  <dt>Version</dt>
  <dd><strong>${evr(version)}</strong> in ${page.release}\
  % if repository:
 (${repository})\
  % endif
</dd>
  % elif not is_version_known:
  <dt>Version</dt>
  <dd class="unknown">not known at the moment</dd>
  % endif
  % for install in installs:
  <dt>Install</dt>
  <dd>
    % for command in install.commands:
    <code class="command">${command}</code>
    % endfor
    <span class="gives">${install.gives}</span>
    % if stands_in and loop.first:
    <span class="gives">There is no binary package ${package.name}: of those that are built from it, ${stands_in} is nearest to its name.</span>
    % endif
  </dd>
  % endfor
  % if url:
  <dt>Upstream</dt>
  <dd>\
  % if web_address:
<a href="${web_address}" rel="external nofollow">${url}</a>\
  % else:
${url}\
  % endif
</dd>
  % endif
  % if licence:
  <dt>Licence</dt>
  <dd>${licence}</dd>
  % elif not is_licence_known:
  <dt>Licence</dt>
  <dd class="unknown">not known at the moment</dd>
  % endif
  % if is_binary:
  <dt>Source package</dt>
  <dd><a href="${request.route_path('package', package=package.source)}">${package.source}</a></dd>
  % endif
  % if is_orphaned:
  <dt>Owner</dt>
  <dd><span class="mark">orphaned</span> nobody maintains it${"" if is_retired else "; it will be retired unless somebody takes it over"}</dd>
  % endif
  % if maintainers is None:
  <dt>Maintainers</dt>
  <dd class="unknown">not known at the moment</dd>
  % else:
    % for role, names in maintainers:
  <dt>${role}</dt>
  <dd>
    <ul class="names">
      % for name in names:
      <li><a href="${links.maintainer(name)}" rel="external">${name}</a></li>
      % endfor
    </ul>
  </dd>
    % endfor
  % endif
</dl>
% if siblings:
<h3>${siblings_title}</h3>
<ul class="siblings">
  % for name, text in siblings:
  <li><a href="${request.route_path('package', package=name)}">${name}</a> ${text}</li>
  % endfor
</ul>
% if other_siblings:
<details>
  <summary>${len(other_siblings)} more</summary>
  <ul class="siblings">
    % for name, text in other_siblings:
    <li><a href="${request.route_path('package', package=name)}">${name}</a> ${text}</li>
    % endfor
  </ul>
  % if more_siblings:
  <p>And ${more_siblings} that are not listed.</p>
  % endif
</details>
% endif
% endif
