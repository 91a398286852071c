## A panel: the content of its widget, or why there is none, and its stamps.
<%namespace name="parts" file="parts.mako"/>
<section class="panel" id="panel-${panel.widget.name}" aria-labelledby="title-${panel.widget.name}">
  <header>
    <h2 id="title-${panel.widget.name}">${panel.widget.title}</h2>
    % if external_links:
    <ul class="elsewhere">
      % for text, url in external_links:
      <li><a href="${url}" rel="external">${text}</a></li>
      % endfor
    </ul>
    % endif
  </header>
  % for control in panel.filters:
  ${parts.filter_control(control)}
  % endfor
  % if body is None:
  <p class="missing">${parts.missing(panel.sources[0])} <a href="${panel.context.own_url}">Try again</a></p>
  % else:
  % if panel.outdated:
  <p class="outdated">May be out of date (as of ${parts.when(panel.outdated.cached.stamp.fetched)}). <a href="#stamps-${panel.widget.name}">Details</a></p>
  % endif
  % for source in panel.sources:
  % if source.invalid_rows:
  ${parts.invalid_rows(source)}
  % endif
  % endfor
  ## Markup of the widget's own template, which has escaped it.
  ${body | n}
  % endif
  % if panel.sources:
  <footer class="stamps" id="stamps-${panel.widget.name}">
    <details
    % if not panel.is_fresh:
      open
    % endif
    >
      <summary>${parts.stamps(panel)}</summary>
      % for source in panel.sources:
      ${parts.stamp(source)}
      % endfor
    </details>
    % if check:
    <form class="check" method="post" action="${check}"><button type="submit">Check now</button></form>
    % endif
  </footer>
  % endif
</section>
