## What happened lately.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
% if happenings is None:
<p class="unknown">What happened is not known at the moment: ${problem}.</p>
% elif happenings:
<ol class="events">
  % for one in happenings:
  <li>
    ${parts.when(one.sent)}
    <p>${parts.words(one.parts)}
    <small>${parts.event(one.events[0])}\
    % if len(one.events) > 1:
 and ${len(one.events) - 1} more\
    % endif
</small></p>
  </li>
  % endfor
</ol>
% else:
<p>No message about this package has come since this site began to listen.</p>
% endif
