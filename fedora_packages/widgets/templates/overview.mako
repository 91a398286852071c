## What the package is.
<p class="summary">${summary}</p>
% for paragraph in paragraphs:
<p>${paragraph}</p>
% endfor
<dl>
  % if version:
  <dt>Version</dt>
  <dd>${evr(version)} in ${page.release}${repository}</dd>
  % elif not is_version_known:
  <dt>Version</dt>
  <dd class="unknown">not known at the moment</dd>
  % endif
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
  % if installable:
  <dt>Install</dt>
  <dd><code>sudo dnf install ${installable}</code></dd>
  % endif
  % if is_binary:
  <dt>Source package</dt>
  <dd><a href="${request.route_path('package', package=package.source)}">${package.source}</a></dd>
  % endif
  % if siblings:
  <dt>Binary packages of this source</dt>
  <dd>
    <ul class="names">
      % for name in siblings:
      <li><a href="${request.route_path('package', package=name)}">${name}</a></li>
      % endfor
    </ul>
    % if more_siblings:
    and ${more_siblings} more
    % endif
  </dd>
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
