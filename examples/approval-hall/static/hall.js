// The page element hands over what the platform answered; the officer's form offers it. Nothing is chosen by itself.
const which = document.querySelector("#decision select[name=which]");

document.addEventListener("xinyong-answer", ({ detail }) => {
  if (!which) return;
  const held = which.value;
  which.replaceChildren(which.options[0]);
  for (const measure of detail.measures) which.append(new Option(`${measure.name}（${measure.object.document ?? measure.object.record}）`, `${measure.object.record}/${measure.id}`));
  which.value = [...which.options].some((option) => option.value === held) ? held : "";
});

document.addEventListener("xinyong-choose", ({ detail }) => {
  if (!which) return;
  which.value = `${detail.measure.object.record}/${detail.measure.id}`;
  document.querySelector("#decision").scrollIntoView();
  document.querySelector("#decision textarea[name=reason]").focus();
});
