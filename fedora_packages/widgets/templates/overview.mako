## The description of a package.
% if summary:
<p class="summary">${summary}</p>
% endif
% for paragraph in paragraphs:
<p class="lines">${paragraph}</p>
% endfor
% if folded:
<details class="rest">
  <summary>More of the description</summary>
  % for paragraph in folded:
  <p class="lines">${paragraph}</p>
  % endfor
</details>
% endif
% if is_of_index:
<p class="why">Summary and description come from the index of this site.</p>
% endif
<dl>
  % if version:
  <dt>Version</dt>
  <dd><strong>${evr(version)}</strong> in ${release}\
  % if repository:
 (${repository})\
  % endif
  % if unpublished:
; ${evr(unpublished)} is built, not yet in the repository\
  % endif
</dd>
  % elif not is_version_known:
  <dt>Version</dt>
  <dd class="unknown">currently unknown</dd>
  % endif
  % for install in installs:
  <dt>Install</dt>
  <dd>
    % for command in install.commands:
    <code class="command">${command}</code>
    % endfor
    <span class="gives">${install.note}</span>
    % if nearest_binary and loop.first:
    <span class="gives">The source package ${package.name} has no binary package of its own name; ${nearest_binary} is the nearest.</span>
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
  % if license:
  <dt>License</dt>
  <dd>${license}</dd>
  % elif not is_license_known:
  <dt>License</dt>
  <dd class="unknown">currently unknown</dd>
  % elif not is_spec_complete:
  <dt>License</dt>
  <dd class="unknown">unknown: the spec file could not be read in full</dd>
  % endif
  % if is_binary:
  <dt>Source package</dt>
  <dd><a href="${request.route_path('package', package=package.source)}">${package.source}</a></dd>
  % endif
  % if is_orphaned:
  <dt>Owner</dt>
  <dd><span class="mark">orphaned</span> no maintainer${"" if package.is_retired else "; the package will be retired unless someone adopts it"}</dd>
  % endif
  % if maintainers is None:
  <dt>Maintainers</dt>
  <dd class="unknown">currently unknown</dd>
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
  <p>${more_siblings} more are not listed.</p>
  % endif
</details>
% endif
% endif
