## The recent activity.
<%namespace name="parts" file="fedora_packages:web/templates/parts.mako"/>
% if activities is None:
<p class="unknown">Recent activity is not available. ${error}.</p>
% elif activities:
<ol class="events">
  % for activity in activities:
  <li>
    ${parts.when(activity.events[0]["sent"])}
    <p>${parts.words(activity.parts)}
    <small>${parts.event(activity.events[0])}\
    % if len(activity.events) > 1:
 and ${len(activity.events) - 1} more\
    % endif
</small></p>
  </li>
  % endfor
</ol>
% else:
<p>No recent activity. New builds, updates, bugs and commits appear here.</p>
% endif
