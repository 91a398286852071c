## The packages that a search finds, each with its reasons.
<%page args="hits, start=1"/>
<ol class="hits" start="${start}">
  % for hit in hits:
  <li>
    <h2><a href="${request.route_path('package', package=hit.name)}">${hit.name}</a>\
    % if hit.source:
      <span class="of">binary package of <a href="${request.route_path('package', package=hit.source)}">${hit.source}</a></span>\
    % endif
    % if hit.only_in:
      <span class="of">in ${", ".join(hit.only_in)}</span>\
    % endif
    % if hit.is_retired:
      <span class="mark">retired</span>\
    % endif
    </h2>
    % if hit.summary:
    <p>${hit.summary}</p>
    % endif
    % if hit.replaced_by:
    <p>Replaced by
      % for name in hit.replaced_by:
      <a href="${request.route_path('package', package=name)}">${name}</a>\
${"" if loop.last else ","}
      % endfor
    </p>
    % endif
    % if hit.reasons:
    <ul class="why">
      % for reason in hit.reasons:
      <li>${reason.label}\
      % for text in reason.texts:
        <code>${text}</code>${"" if loop.last else ","}\
      % endfor
      % if reason.binaries:
        in\
        % for name in reason.binaries:
        <a href="${request.route_path('package', package=name)}">${name}</a>\
        % endfor
      % endif
      </li>
      % endfor
    </ul>
    % endif
    % if hit.binaries:
    <p class="why">Binary packages:
      % for name in hit.binaries:
      <a href="${request.route_path('package', package=name)}">${name}</a>\
      % endfor
    </p>
    % endif
  </li>
  % endfor
</ol>
