## What happened lately.
<%namespace name="parts" file="fedora_packages:templates/parts.mako"/>
% if events is None:
<p class="unknown">What happened is not known at the moment: ${problem}.</p>
% elif events:
<ol class="events">
  % for event in events:
  <li>${parts.when(event["sent"])}: ${event["told"]} ${parts.event(event)}</li>
  % endfor
</ol>
% else:
<p>No message about this package has come since this site began to listen.</p>
% endif
