## A panel: what its widget shows, or why there is nothing to show, and its stamps.
<%namespace name="parts" file="parts.mako"/>
<section class="panel" id="panel-${panel.widget.name}" aria-labelledby="title-${panel.widget.name}">
  <header>
    <h2 id="title-${panel.widget.name}">${panel.widget.title}</h2>
    % if elsewhere:
    <ul class="elsewhere">
      % for text, address in elsewhere:
      <li><a href="${address}" rel="external">${text}</a></li>
      % endfor
    </ul>
    % endif
  </header>
  % for switch in panel.switches:
  ${parts.switch(switch)}
  % endfor
  % if body is None:
  <p class="missing">${parts.missing(panel.sources[0])} <a href="${panel.page.again}">Look again</a></p>
  % else:
  % if panel.is_doubtful:
  <p class="doubt">This may have changed: <a href="#stamps-${panel.widget.name}">as of when it is, and why</a>.</p>
  % endif
  % for source in panel.stamped:
  % if source.invalid_rows:
  ${parts.invalid_rows(source)}
  % endif
  % endfor
  ## Markup that the widget's own template has made, and escaped.
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
