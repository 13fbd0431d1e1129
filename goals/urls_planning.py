"""Goals & plan."""

from django.urls import path

from goals.views.planning import approval, district, follow_up, goals, money, owed, plan, practices, surveys

AT = "o/<slug:slug>/<int:year>/"

urlpatterns = [
    path(f"{AT}goals/", goals.goal_list, name="goals"),
    path(f"{AT}goals/new/", goals.goal_new, name="goal_new"),
    path(f"{AT}goals/figures/", goals.typed, name="typed"),
    path(f"{AT}goals/<int:pk>/", goals.goal_page, name="goal"),
    path(f"{AT}goals/<int:pk>/edit/", goals.goal_edit, name="goal_edit"),
    path(f"{AT}goals/<int:pk>/status/", goals.goal_status, name="goal_status"),
    path(f"{AT}plan/", plan.page, name="plan"),
    path(f"{AT}plan/text/", plan.text, name="plan_text"),
    path(f"{AT}plan/add/<slug:kind>/<int:parent>/", plan.add, name="plan_add"),
    path(f"{AT}plan/part/<slug:kind>/<int:pk>/", plan.part, name="plan_part"),
    path(f"{AT}plan/part/<slug:kind>/<int:pk>/remove/", plan.remove, name="plan_remove"),
    path(f"{AT}plan/move/", plan.move, name="plan_move"),
    path(f"{AT}plan/comments/", plan.comment, name="plan_comment"),
    path(f"{AT}plan/history/", plan.history, name="plan_history"),
    path(f"{AT}plan/submit/", approval.submit, name="plan_submit"),
    path(f"{AT}plan/decision/", approval.decide_on, name="plan_decide"),
    path(f"{AT}plan/draft/<slug:form>/", approval.draft_file, name="plan_draft_file"),
    path(f"{AT}plan/versions/<int:number>/", approval.version, name="plan_version"),
    path(f"{AT}plan/versions/<int:number>/<slug:form>/", approval.version_file, name="plan_version_file"),
    path(f"{AT}money/", money.page, name="money"),
    path(f"{AT}money/<slug:form>/", money.download, name="money_file"),
    path(f"{AT}plan/actions/<int:pk>/", follow_up.action, name="action"),
    path(f"{AT}plan/actions/<int:pk>/money/", follow_up.line, name="action_money"),
    path(f"{AT}plan/actions/<int:pk>/files/", follow_up.attach, name="action_file"),
    path(f"{AT}plan/actions/<int:pk>/files/<int:file>/", follow_up.evidence, name="evidence"),
    path(f"{AT}goals/alignment/", district.alignment, name="alignment"),
    path(f"{AT}plans/", district.plans, name="portfolio"),
    path(f"{AT}plans/board/", district.board_page, name="board_page"),
    path(f"{AT}plans/<slug:form>/", district.plans_file, name="portfolio_file"),
    path(f"{AT}practices/", practices.page, name="practices"),
    path(f"{AT}practices/rounds/new/", practices.round_new, name="practice_round_new"),
    path(f"{AT}practices/rounds/<int:pk>/", practices.spread, name="practice_round"),
    path(f"{AT}practices/rounds/<int:pk>/rate/", practices.rate, name="practice_rate"),
    path(f"{AT}practices/surveys/new/", surveys.edit, name="survey_new"),
    path(f"{AT}practices/surveys/load/", surveys.load, name="survey_load"),
    path(f"{AT}practices/surveys/template/<slug:form>/", surveys.template, name="survey_template"),
    path(f"{AT}practices/surveys/<int:pk>/", surveys.page, name="survey"),
    path(f"{AT}practices/surveys/<int:pk>/edit/", surveys.edit, name="survey_edit"),
    path(f"{AT}practices/visits/new/", practices.visit_new, name="visit_new"),
    path(f"{AT}practices/visits/<int:pk>/", practices.visit, name="visit"),
    path("owed/", owed.page, name="owed"),
]
