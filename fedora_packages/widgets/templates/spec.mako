## The spec file on a branch.
% if spec["found"]:
% if spec["is_autorelease"] and spec["is_autochangelog"]:
<p>rpmautospec generates the release and the changelog from the commits.</p>
% elif spec["is_autorelease"]:
<p>rpmautospec generates the release from the commits.</p>
% elif spec["is_autochangelog"]:
<p>rpmautospec generates the changelog from the commits.</p>
% endif
${source(highlight(spec["text"]))}
% if missing > 0:
<p>dist-git has ${missing} more characters.</p>
% endif
% elif spec["dead"]:
<p>The package is retired on ${release}: ${spec["dead"]}</p>
% else:
<p>${release} has no spec file. Choose another release.</p>
% endif

## The lines of a spec file, numbered and colored.
<%def name="source(highlighted)">\
<pre class="source" tabindex="0">\
% for line in highlighted.lines:
<a class="line" id="L${loop.index + 1}" href="#L${loop.index + 1}" tabindex="-1" aria-label="line ${loop.index + 1}"></a>\
% for token, part in line:
% if token:
<span class="${token}">${part}</span>\
% else:
${part}\
% endif
% endfor

% endfor
${highlighted.rest}</pre>\
</%def>
