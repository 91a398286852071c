## A panel after a check, with the results of the check above it.
<%inherit file="tab.mako"/>
<%block name="outcome">
<section class="checked" role="status" aria-labelledby="title-checked">
  <h2 id="title-checked">Check results</h2>
  <ul class="plain">
    % for label, sentence, differences, is_failure in results:
    <li
    % if is_failure:
      class="bad"
    % endif
    ><span class="word">${label.capitalize()}:</span> ${sentence}
      % if differences:
      <ul class="differences">
        % for difference in differences:
        <li>${difference}</li>
        % endfor
      </ul>
      % endif
    </li>
    % endfor
  </ul>
</section>
</%block>
