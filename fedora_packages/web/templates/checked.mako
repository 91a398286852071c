## A panel that was just compared with its upstreams, with what came of that on top.
<%inherit file="tab.mako"/>
<%block name="outcome">
<section class="checked" role="status" aria-labelledby="title-checked">
  <h2 id="title-checked">Checked just now</h2>
  <ul class="plain">
    % for told in checked:
    <li
    % if told.is_failure:
      class="bad"
    % endif
    ><span class="word">${told.word.capitalize()}:</span> ${told.sentence}
      % if told.differences:
      <ul class="differences">
        % for difference in told.differences:
        <li>${difference}</li>
        % endfor
      </ul>
      % endif
    </li>
    % endfor
  </ul>
</section>
</%block>
