## A panel after a check, with the results of the check above it.
<%inherit file="tab.mako"/>
<%block name="outcome">
<section class="checked" role="status" aria-labelledby="title-checked">
  <h2 id="title-checked">Check results</h2>
  <ul class="plain">
    % for result in results:
    <li
    % if result.is_failure:
      class="bad"
    % endif
    ><span class="word">${result.label.capitalize()}:</span> ${result.sentence}
      % if result.differences:
      <ul class="differences">
        % for difference in result.differences:
        <li>${difference}</li>
        % endfor
      </ul>
      % endif
    </li>
    % endfor
  </ul>
</section>
</%block>
